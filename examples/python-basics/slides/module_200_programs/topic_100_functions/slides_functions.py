# j2 from 'macros.j2' import header
# {{ header("Funktionen", "Functions") }}

# %% [markdown] lang="de" tags=["slide"]
#
# ## Ein Name für einen Weg
#
# Eine Funktion hat
#
# 1. einen **Namen**, der sagt, was sie tut,
# 2. **Parameter**, die sie braucht,
# 3. einen **Rückgabewert**, den sie liefert.

# %% [markdown] lang="en" tags=["slide"]
#
# ## A Name for a Way
#
# A function has
#
# 1. a **name** that says what it does,
# 2. **parameters** that it needs,
# 3. a **return value** that it gives.

# %%
def fahrenheit(celsius):
    """The temperature in degrees Fahrenheit."""
    return celsius * 9 / 5 + 32


# %%
fahrenheit(100)

# %% [markdown] lang="de" tags=["subslide"]
#
# ## Vorgaben
#
# Ein Parameter mit Vorgabe darf beim Aufruf fehlen.

# %% [markdown] lang="en" tags=["subslide"]
#
# ## Defaults
#
# A parameter with a default may be left out in a call.

# %% lang="de" tags=["keep"]
def greet(name, greeting="Hallo"):
    return f"{greeting}, {name}!"


# %% lang="en" tags=["keep"]
def greet(name, greeting="Hello"):
    return f"{greeting}, {name}!"


# %%
greet("Ada"), greet("Grace", greeting="Ahoi")

# %% [markdown] lang="de" tags=["subslide"]
#
# ## Mini-Workshop
#
# Schreiben Sie `celsius`, die Umkehrung von `fahrenheit`, und prüfen Sie beide mit `assert`.

# %% [markdown] lang="en" tags=["subslide"]
#
# ## Mini Workshop
#
# Write `celsius`, the inverse of `fahrenheit`, and check both with `assert`.

# %% tags=["start"]
def celsius(fahrenheit):
    ...


# %% tags=["alt", "completed"]
def celsius(fahrenheit):
    return (fahrenheit - 32) * 5 / 9


assert celsius(fahrenheit(100)) == 100
