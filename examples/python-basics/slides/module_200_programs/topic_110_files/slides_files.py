# j2 from 'macros.j2' import header
# {{ header("Dateien", "Files") }}

# %% [markdown] lang="de" tags=["slide"]
#
# ## Texte lesen
#
# `with` schließt die Datei wieder, auch wenn etwas schiefgeht.

# %% [markdown] lang="en" tags=["slide"]
#
# ## Reading Text
#
# `with` closes the file again, even when something goes wrong.

# %% tags=["keep"]
from pathlib import Path

path = Path("data/temperatures.csv")

# %%
with path.open(encoding="utf-8") as file:
    lines = file.read().splitlines()
lines[:3]

# %%
import csv

with path.open(encoding="utf-8", newline="") as file:
    rows = list(csv.DictReader(file))
rows[0]

# %% [markdown] lang="de" tags=["subslide"]
#
# ## Auswerten
#
# Aus der Datei kommen *Texte*: erst `float`, dann rechnen.

# %% [markdown] lang="en" tags=["subslide"]
#
# ## Evaluating
#
# What comes out of the file is *text*: first `float`, then compute.

# %%
warmest = max(rows, key=lambda row: float(row["celsius"]))
print(f"{warmest['city']}: {warmest['celsius']} °C")

# %% [markdown] lang="de" tags=["notes", "private"]
#
# Ein guter Moment, um `max(rows)` ohne `key` vorzuführen.

# %% [markdown] lang="en" tags=["notes", "private"]
#
# A good moment to show `max(rows)` without `key`.
