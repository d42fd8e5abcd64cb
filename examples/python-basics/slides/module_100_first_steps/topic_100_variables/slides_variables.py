# j2 from 'macros.j2' import header
# {{ header("Variablen", "Variables") }}

# %% [markdown] lang="de" tags=["slide"]
#
# ## Werte und Namen
#
# - Ein Programm rechnet mit *Werten*: `3`, `1.5`, `"Hallo"`
# - Eine *Variable* ist ein Name für einen Wert
# - Das Gleichheitszeichen weist zu: rechts wird gerechnet, links steht der Name

# %% [markdown] lang="en" tags=["slide"]
#
# ## Values and Names
#
# - A program computes with *values*: `3`, `1.5`, `"Hello"`
# - A *variable* is a name for a value
# - The equals sign assigns: the right side is computed, the left side is the name

# %% tags=["keep"]
price = 4.50
amount = 3

# %%
total = price * amount
total

# %% [markdown] lang="de" tags=["notes"]
#
# Fragen Sie, *bevor* Sie die Zelle ausführen: Welchen Typ hat `total`? Fast alle sagen "Zahl"; gut, dann nach `3.0` und `3` fragen.

# %% [markdown] lang="en" tags=["notes"]
#
# Ask *before* you run the cell: which type has `total`? Most will say "a number"; good, then ask about `3.0` and `3`.

# %% [markdown] lang="de" tags=["subslide"]
#
# ## Ein Bild davon
#
# Der Name zeigt auf den Wert. Eine zweite Zuweisung lässt ihn auf einen anderen zeigen.
#
# <img src="img/names_and_values.png" alt="Der Name total zeigt erst auf 13.5, dann auf 20" style="width:60%"/>

# %% [markdown] lang="en" tags=["subslide"]
#
# ## A Picture of It
#
# The name points to the value. A second assignment makes it point to another one.
#
# <img src="img/names_and_values.png" alt="The name total points to 13.5 first, then to 20" style="width:60%"/>

# %%
total = 20
total

# %% [markdown] lang="de" tags=["subslide"]
#
# ## Mini-Workshop: Zinsen
#
# Aus $K$ Euro werden nach $n$ Jahren mit dem Zinssatz $p$
#
# $$K_n = K \cdot (1 + p)^n$$
#
# Was wird in 10 Jahren aus 1000 Euro, bei 3 %?

# %% [markdown] lang="en" tags=["subslide"]
#
# ## Mini Workshop: Interest
#
# After $n$ years with the interest rate $p$, $K$ euros become
#
# $$K_n = K \cdot (1 + p)^n$$
#
# What do 1000 euros become in 10 years, at 3 %?

# %% tags=["start"]
capital = 1000
rate = ...
years = ...

# %% tags=["alt"]
capital = 1000
rate = 0.03
years = 10
round(capital * (1 + rate) ** years, 2)

# %% [markdown] lang="de"
#
# Warum steht in der Formel $1 + p$?

# %% [markdown] lang="en"
#
# Why does the formula have $1 + p$?

# %% [markdown] lang="de" tags=["answer"]
#
# Das Kapital selbst bleibt ja da (die 1), und die Zinsen kommen hinzu (das $p$).

# %% [markdown] lang="en" tags=["answer"]
#
# The capital itself stays (the 1), and the interest is added to it (the $p$).
