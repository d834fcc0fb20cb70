"""Component values as Python's plain data.

| WIT | Python |
|---|---|
| `bool`, integers, floats | `bool`, `int`, `float` |
| `char`, `string` | `str` |
| `list<u8>` | `bytes`; `bytearray` and `memoryview` are accepted too |
| `list<T>` | `list`; a `tuple` is accepted too |
| `tuple<...>` | `tuple` |
| `record` | `dict` by the field names of the WIT file; an optional field may be left out |
| `enum` | the case's name |
| `flags` | `list` of names |
| `option<T>` | `None` or the value; an option inside an option is `None` or `("some", value)` |
| `variant` | `(case, value)`, the value `None` where the case carries none |
| `result` | `("ok", value)` or `("err", value)` |

Enumerations, named tuples and other subclasses of these types are converted to their base types.

Values cross in `marshal` format 2: the interpreter has a C codec for it, which needs no import. Python
decodes only what the native library wrote (edge/_native), and the library reads by the component's types.
RATIONALE, "Why values cross in Python's own `marshal` format".
"""

from __future__ import annotations

import marshal

from edge import _native as native
from edge.schema.coerce import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def encode(values: tuple[Any, ...]) -> bytes:
    """Encodes parameters or results for the native library.

    `marshal` alone encodes plain data (edge/runtime/call.py), and a call with only plain data never imports
    this.
    """
    return marshal.dumps(plain(values), native.FORMAT)
