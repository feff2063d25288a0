"""The invented world: people, shops and years of believable money, the same for the same seed.

A `life` is somebody's money at one bank. `episodes` name what happens in a month, each told by the file of
its subject (`wages`, `home`, `friends`, `card`, `parts`, `transfers`, ...); `story` puts the months together
with what depends on them (`bills`, `reserves`). Up to here there is no bank's manner. `habits` (from
data/banks.json) say which episodes a bank sees and how it reports; `voice` says a row its way at a moment.
`accounts`, `investments`, `contracts` and `papers` are what is not rows; `bulk` is nobody's life: as many
rows as wanted.
"""
