# j2 from 'macros.j2' import header
# {{ header("Module", "Modules") }}

# %% [markdown] lang="de" tags=["slide"]
#
# ## Eine Datei ist ein Modul
#
# <img src="img/module.png" alt="Das Notebook importiert das Modul thermometer" style="width:50%"/>

# %% [markdown] lang="en" tags=["slide"]
#
# ## A File Is a Module
#
# <img src="img/module.png" alt="The notebook imports the module thermometer" style="width:50%"/>

# %% tags=["keep"]
from thermometer import Thermometer, describe

# %%
outside = Thermometer("outside", 18.5)
outside.warm_up(3)
describe(outside)

# %% [markdown] lang="de" tags=["subslide"]
#
# ## Ausgaben, die mehr können
#
# Ein Objekt darf sagen, wie es im Notebook aussieht.

# %% [markdown] lang="en" tags=["subslide"]
#
# ## Outputs That Can Do More
#
# An object may say what it looks like in a notebook.

# %%
outside
