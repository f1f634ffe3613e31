"""Telling: a scene becomes a caption, by templates with synonyms, kinds and omissions.

Knows words and relations. Does not draw. The caption is always true of the scene.
"""

import random

from backend.pocket.pictures.caption import Caption, Claim, Word
from backend.pocket.pictures.grounds import GROUNDS
from backend.pocket.pictures.relations import holding
from backend.pocket.pictures.scene import Group, Scene
from backend.pocket.pictures.thing import UNCOUNTED, article, plural
from backend.pocket.pictures.things import HELD_OUT, THINGS
from backend.pocket.pictures.words import JOINING, NUMBERS, OPENINGS, SAYING

KIND, COLOURLESS, UNNUMBERED, DROPPED = 50, 60, 40, 40  # per cent of a loose caption's groups
SYNONYM, GROUND, RELATION = 30, 40, 60  # per cent of the chances for one


def tell(rng: random.Random, scene: Scene, loose: float) -> Caption:
    """A caption of the scene, loose with the probability `loose`.

    One that is not loose gives every group's name (or a synonym), colour and number, and a relation of the first two
    where one holds. A loose one leaves out groups, colours, numbers or the relation, or gives the kind for the name.
    Held-out things are always called by their narrowest kind: nobody learns their names.
    """
    return _loose(rng, scene) if rng.random() < loose else _precise(rng, scene)


def _precise(rng: random.Random, scene: Scene) -> Caption:
    groups = list(scene.groups)
    rng.shuffle(groups)
    claims = [_claim(_name(rng, group), group.colour, len(group.members)) for group in groups]
    relations = holding(scene, *groups[:2]) if len(groups) > 1 else ()
    relation = rng.choice(relations) if relations else None
    return _said(rng, scene, groups, claims, relation, loose=False)


def _loose(rng: random.Random, scene: Scene) -> Caption:
    groups = list(scene.groups)
    rng.shuffle(groups)
    while len(groups) > 1 and _chance(rng, DROPPED):
        groups.pop()
    claims = [_blurred(rng, group) for group in groups]
    relations = holding(scene, *groups[:2]) if len(groups) > 1 else ()
    relation = rng.choice(relations) if relations and _chance(rng, RELATION) else None
    if len(groups) == len(scene.groups) and (relation or not relations) and all(map(_complete, claims, groups)):
        claims[0] = _claim(claims[0].noun, None, claims[0].number)
    return _said(rng, scene, groups, claims, relation, loose=True)


def _complete(claim: Claim, group: Group) -> bool:
    """Whether a caption that is not loose could have this claim, too."""
    held_out = group.thing in HELD_OUT and claim.noun == THINGS[group.thing].kinds[0]
    named = held_out or claim.noun not in THINGS[group.thing].kinds
    return named and bool(claim.colour) and (bool(claim.number) or claim.noun in UNCOUNTED)


def _blurred(rng: random.Random, group: Group) -> Claim:
    noun = rng.choice(THINGS[group.thing].kinds) if _chance(rng, KIND) else _name(rng, group)
    colour = None if _chance(rng, COLOURLESS) else group.colour
    count = len(group.members)
    return _claim(noun, colour, 0 if count > 1 and _chance(rng, UNNUMBERED) else count)


def _claim(noun: str, colour: str | None, number: int | None) -> Claim:
    return Claim(noun, colour, None if noun in UNCOUNTED else number)


def _name(rng: random.Random, group: Group) -> str:
    thing = THINGS[group.thing]
    if thing.name in HELD_OUT:
        return thing.kinds[0]
    return rng.choice(thing.synonyms) if thing.synonyms and _chance(rng, SYNONYM) else thing.name


def _said(
    rng: random.Random, scene: Scene, groups: list[Group], claims: list[Claim], relation: str | None, *, loose: bool
) -> Caption:
    words = _plain(rng.choice(OPENINGS))
    for number, (group, claim) in enumerate(zip(groups, claims, strict=True)):
        if number == 1 and relation:
            words += [Word(text, "relation") for text in rng.choice(SAYING[relation]).split()]
        elif number:
            words += _plain("and" if relation else rng.choice(JOINING))
        words += _phrase(group, claim)
    ground = scene.ground if _chance(rng, GROUND) else None
    if ground:
        words += [Word(text, "ground") for text in GROUNDS[ground].phrase.split()]
    return Caption(tuple(words), tuple(claims), relation, ground, loose)


def _phrase(group: Group, claim: Claim) -> list[Word]:
    """An article or a number, the colour and the noun of one claim."""
    members = group.members
    role = "kind" if claim.noun in THINGS[group.thing].kinds else "name"
    many = claim.number != 1
    noun = plural(claim.noun) if many else claim.noun
    words = [Word(claim.colour, "colour", members)] if claim.colour else []
    words.append(Word(noun, role, members))
    if claim.number == 1:
        return [Word(article(words[0].text)), *words]
    if claim.number:
        return [Word(NUMBERS[claim.number], "number", members), *words]
    return [Word("some"), *words]


def _plain(phrase: str) -> list[Word]:
    return [Word(text) for text in phrase.split()]


def _chance(rng: random.Random, per_cent: int) -> bool:
    return rng.randrange(100) < per_cent
