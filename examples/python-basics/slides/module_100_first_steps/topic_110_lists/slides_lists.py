# j2 from 'macros.j2' import header
# {{ header("Listen", "Lists") }}

# %% [markdown] lang="de" tags=["slide"]
#
# ## Viele Werte, ein Name
#
# | Ausdruck | Ergebnis |
# |:---------|:---------|
# | `days[0]` | der erste Wert |
# | `days[-1]` | der letzte Wert |
# | `days[1:3]` | ein Teil der Liste |
# | `len(days)` | die Anzahl |

# %% [markdown] lang="en" tags=["slide"]
#
# ## Many Values, One Name
#
# | Expression | Result |
# |:-----------|:-------|
# | `days[0]` | the first value |
# | `days[-1]` | the last value |
# | `days[1:3]` | a part of the list |
# | `len(days)` | how many |

# %% tags=["keep"]
days = ["Mon", "Tue", "Wed", "Thu", "Fri"]

# %%
days[0], days[-1]

# %%
days[1:3]

# %% [markdown] lang="de" tags=["subslide"]
#
# ## Listen ändern sich
#
# `append` verlängert die Liste selbst; es gibt nichts zurück.

# %% [markdown] lang="en" tags=["subslide"]
#
# ## Lists Change
#
# `append` makes the list itself longer; it returns nothing.

# %%
days.append("Sat")
days

# %% [markdown] lang="de" tags=["subslide"]
#
# ## Ein Fehler, der dazugehört
#
# Was gibt es an Stelle 10? Fehlermeldungen liest man von *unten*.

# %% [markdown] lang="en" tags=["subslide"]
#
# ## An Error to Learn From
#
# What is at place 10? Error messages are read from the *bottom*.

# %% tags=["raises-exception"]
days[10]

# %% [markdown] lang="de" tags=["subslide"]
#
# ## Frage
#
# Was ist der Unterschied zwischen `days[0]` und `days[0:1]`?

# %% [markdown] lang="en" tags=["subslide"]
#
# ## Question
#
# What is the difference between `days[0]` and `days[0:1]`?

# %% [markdown] lang="de" tags=["answer"]
#
# Das eine ist ein Text, das andere eine Liste mit einem Text darin.

# %% [markdown] lang="en" tags=["answer"]
#
# One is a text, the other a list with one text in it.

# %% tags=["del"]
# Left over from preparing the course; no output shows this cell.
len(days)
