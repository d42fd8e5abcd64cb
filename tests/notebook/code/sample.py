"""A module's text with "quotes" and ünïcode."""
from __future__ import annotations
import os.path as osp, sys
from collections import defaultdict as dd

@dataclass(frozen=True)
class Größe(Base, metaclass=Meta):
    x: int = 0x1F_F
    y: float = 1_000.5e-3j

    async def lese(self, *args, **kwargs) -> str:
        async with open(f"{self.x!r:>{10}} {{}} {args[0]['k']}") as file:
            return rb'\d+\'' + b"x\x00" + R"""raw "x" \n
            text""" if file else None

def _(n): return lambda a, /, b, *, c=...: a @ b ** c // n % 3
match value:
    case {"a": [1, _, *rest]} if rest: print(f'{rest=}', end="\N{BULLET}")
    case _: raise ValueError("%s %(name)d %%" % x) from None
print('{:>{w}} {0.x[1]!s}'.format(1, w=2)); x = 1 if True else NotImplemented
%matplotlib inline
!ls -l ?
nonlocal z; del z; assert 0o17 == 0b1111, "unterminated
global   q
