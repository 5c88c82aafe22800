"""Draws random modules, and makes them smaller."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from modelgen.verify.random_modules.description import Random, RandomModule, Shape, Step, UnfitError
from modelgen.verify.random_modules.source import AGAIN, KINDS, Builder, first_unfit
from modelgen.verify.random_modules.weights import VALUES

_COMPUTING = frozenset(KINDS) - {"flatten", "view", "ones", "copy"}
_TRIES = 8
"""Steps that are drawn before one that fits is given up."""


def draw(seed: int, most_words: int = 1 << 16, most_entries: int = 1024) -> RandomModule:
    """Return a random module.

    Args:
        seed: everything follows from it.
        most_words: words of the activation buffer that there are.
        most_entries: accumulators that there are.
    """
    random = Random(seed)
    batch = random.choice((1, 2, 3), (6, 1, 1))
    features = _features(random, 20 if random.chance(0.1) else 12)
    names = random.choice(("plain", "odd"), (9, 1))
    steps = _steps(random, Builder(batch, features, names))
    last = len(steps)
    return RandomModule(
        seed=seed,
        batch=batch,
        features=features,
        steps=steps,
        output=random.number(0, last) if random.chance(0.03) else last,
        train=random.chance(0.2),
        names=names,
        weights=random.choice(("plain", "odd"), (3, 1)),
        values=random.choice(VALUES, (8, 4, 4, 1, 1, 1)),
        scale=random.choice(("max", "mse"), (4, 1)),
        buffer_words=1 << random.number(8, most_words.bit_length() - 1),
        accumulator_depth=1 << random.number(4, most_entries.bit_length() - 1),
    )


def _features(random: Random, most: int) -> Shape:
    """Return the shape of one input: mostly an image; also features, sequences, odd ones."""
    kinds = {"image": 70, "line": 6, "features": 14, "sequence": 8, "scalar": 1, "video": 1}
    kind = random.choice(list(kinds), list(kinds.values()))
    channels = random.choice((random.number(1, 4), random.number(1, 24)))
    if kind == "image":
        return channels, random.number(1, most), random.number(1, most)
    if kind == "line":
        length = random.number(1, 3 * most)
        return (channels, 1, length) if random.chance(0.5) else (channels, length, 1)
    if kind == "features":
        return (random.number(1, 80),)
    if kind == "sequence":
        return random.number(1, 12), random.number(1, 24)
    return () if kind == "scalar" else (2, 2, random.number(1, 3), random.number(1, 4))


def _steps(random: Random, builder: Builder) -> tuple[Step, ...]:
    """Draw steps that fit one another."""
    strange = random.chance(0.12)
    steps: list[Step] = []
    for _ in range(random.choice((random.number(0, 4), random.number(2, 8), random.number(4, 14)))):
        for _ in range(_TRIES):
            step = _step(random, builder, steps, strange)
            if step is not None and builder.add(step):
                steps.append(step)
                break
    if not any(step.kind in _COMPUTING for step in steps) and random.chance(0.9):
        last = Step("activation", (len(steps),), {"form": ("F.relu({0})", "")})
        steps += [last] if builder.add(last) else []
    return tuple(steps)


def _step(random: Random, builder: Builder, steps: list[Step], strange: bool) -> Step | None:
    last = len(steps)
    source = last if random.chance(0.88) else random.number(0, last)
    shape = builder.shape(source)
    if not shape:
        return None
    if steps and random.chance(0.06):
        return Step(AGAIN, (source,), {"of": random.number(1, last)})
    rates = {name: _rate(kind.weights, shape) for name, kind in KINDS.items()}
    rates["unsupported"] *= 1.0 if strange else 0.0
    kind = random.choice(list(rates), list(rates.values()))
    sources: tuple[int, ...] = (source,)
    if KINDS[kind].sources == 2:
        alike = [value for value in range(last + 1) if builder.shape(value) == shape]
        sources = source, random.choice(alike)
        if random.chance(0.5):
            sources = sources[1], sources[0]
    try:
        return Step(kind, sources, KINDS[kind].draw(random, shape))
    except UnfitError:
        return None


def _rate(weights: dict[int, float], shape: Shape) -> float:
    if len(shape) in (2, 3, 4):
        return weights.get(len(shape), weights.get(0, 0.0) if set(weights) == {0} else 0.0)
    return weights.get(0, 0.0)


def smaller(module: RandomModule) -> Iterator[RandomModule]:
    """Give modules that are a step simpler, the simplest first; all are modules too."""
    for candidate in _candidates(module):
        if candidate != module:
            yield candidate


def _candidates(module: RandomModule) -> Iterator[RandomModule]:
    steps = module.steps
    if module.output < len(steps):
        yield replace(module, steps=steps[: module.output])
    for number in range(len(steps), 0, -1):
        yield _without(module, number)
    yield replace(module, batch=1)
    yield replace(module, train=False)
    yield replace(module, names="plain")
    yield replace(module, weights="plain")
    yield replace(module, values="plain")
    yield replace(module, scale="max")
    for axis, size in enumerate(module.features):
        for less in {1, -(-size // 2), max(size - 1, 1)}:
            features = (*module.features[:axis], less, *module.features[axis + 1 :])
            yield _fitting(replace(module, features=features))
    for index, step in enumerate(steps):
        for settings in _simpler(step.settings):
            changed = replace(step, settings=settings)
            yield _fitting(replace(module, steps=(*steps[:index], changed, *steps[index + 1 :])))


def _fitting(module: RandomModule) -> RandomModule:
    """Return a module without the steps that do not fit any more."""
    while (number := first_unfit(module)) is not None:
        module = _without(module, number)
    return module


def _without(module: RandomModule, number: int) -> RandomModule:
    """Return a module without one step: what reads its value reads its first source instead."""
    source = module.steps[number - 1].sources[0]

    def moved(value: int) -> int:
        return source if value == number else value - (value > number)

    steps = []
    for index, step in enumerate(module.steps, 1):
        if index == number:
            continue
        settings = dict(step.settings)
        if step.kind == AGAIN:
            settings["of"] = 0 if settings["of"] == number else moved(settings["of"])
        sources = tuple(moved(value) for value in step.sources)
        steps.append(replace(step, sources=sources, settings=settings))
    return replace(module, steps=tuple(steps), output=moved(module.output))


_SIMPLEST: dict[str, Any] = {
    "kernel": 1,
    "stride": 1,
    "padding": 0,
    "dilation": 1,
    "groups": "one",
    "bias": False,
    "ceil_mode": False,
    "affine": False,
    "epsilon": 1e-5,
    "form": "nn",
    "channels": 1,
    "outputs": 1,
}


def _simpler(settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name, value in settings.items():
        simplest = _SIMPLEST.get(name, value)
        if isinstance(value, str) != isinstance(simplest, str) or value == simplest:
            continue
        yield {**settings, name: simplest}
        if isinstance(value, int) and not isinstance(value, bool) and value > 2:
            yield {**settings, name: value // 2}
            yield {**settings, name: value - 1}
        if isinstance(value, tuple) and all(isinstance(part, int) for part in value):
            yield from ({**settings, name: part} for part in set(value))
