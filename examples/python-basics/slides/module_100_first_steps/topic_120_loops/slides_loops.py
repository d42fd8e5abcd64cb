# j2 from 'macros.j2' import header
# {{ header("Schleifen", "Loops") }}

# %% [markdown] lang="de" tags=["slide"]
#
# ## Für jeden Wert dasselbe
#
# <img src="img/loop.png" alt="Ablauf einer Schleife" style="width:35%"/>

# %% [markdown] lang="en" tags=["slide"]
#
# ## The Same for Each Value
#
# <img src="img/loop.png" alt="The course of a loop" style="width:35%"/>

# %% tags=["keep"]
temperatures = [18.5, 21.0, 19.5, 24.5]

# %%
for temperature in temperatures:
    print(f"{temperature:5.1f} °C = {temperature * 9 / 5 + 32:5.1f} °F")

# %% [markdown] lang="de" tags=["subslide"]
#
# ## Sammeln
#
# Das häufigste Muster: eine Variable *vor* der Schleife, die *in* ihr wächst.

# %% [markdown] lang="en" tags=["subslide"]
#
# ## Collecting
#
# The most common pattern: a variable *before* the loop that grows *in* it.

# %%
total = 0
for temperature in temperatures:
    total += temperature
total / len(temperatures)

# %% [markdown] lang="de" tags=["subslide", "workshop"]
#
# ## Workshop: Warme Tage
#
# Zählen Sie, an wie vielen Tagen es wärmer als 20 °C war.

# %% [markdown] lang="en" tags=["subslide", "workshop"]
#
# ## Workshop: Warm Days
#
# Count on how many days it was warmer than 20 °C.

# %% tags=["keep"]
warm_days = 0
### BEGIN SOLUTION
for temperature in temperatures:
    if temperature > 20:
        warm_days += 1
### END SOLUTION
print(warm_days)

# %% [markdown] lang="de" tags=["notes", "end-workshop"]
#
# Wer früh fertig ist: `sum(t > 20 for t in temperatures)` erklären lassen.

# %% [markdown] lang="en" tags=["notes", "end-workshop"]
#
# Those who finish early may explain `sum(t > 20 for t in temperatures)`.
