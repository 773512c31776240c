"""Ids of people, enciphered for one project."""

from tasks.pseudonyms import FIRST, NOBODY, id_behind, is_pseudonym, pseudonym_of, pseudonym_user

PEOPLE = [*range(1, 2000), 2**16, 2**31, 2**32 - 1]


def test_no_two_people_share_a_pseudonym():
    assert len({pseudonym_of(one, 7) for one in PEOPLE}) == len(PEOPLE)


def test_pseudonym_is_read_back_within_its_project_only():
    for one in PEOPLE[::100]:
        assert id_behind(pseudonym_of(one, 7), 7) == one
        assert id_behind(pseudonym_of(one, 7), 8) != one


def test_pseudonym_is_no_id_of_anybody_and_exact_in_javascript():
    assert all(FIRST <= pseudonym_of(one, 7) < 2**53 and is_pseudonym(pseudonym_of(one, 7)) for one in PEOPLE)


def test_what_is_no_pseudonym_stands_for_nobody():
    assert {id_behind(one, 7) for one in (1, FIRST - 1, FIRST + 2**32, 2**60, -1)} == {NOBODY}


def test_pseudonyms_need_the_secret_key(settings):
    before = pseudonym_of(5, 7)
    pseudonym_of.cache_clear()
    settings.SECRET_KEY = "another"

    assert pseudonym_of(5, 7) != before
    pseudonym_of.cache_clear()


def test_ids_in_a_row_have_pseudonyms_without_any_order():
    shown = [pseudonym_of(one, 7) for one in range(1, 200)]

    rising = sum(after > before for before, after in zip(shown, shown[1:], strict=False))
    assert 70 < rising < 130


def test_face_shows_nothing_but_the_pseudonym():
    face = pseudonym_user(FIRST + 0x7F3A)

    assert (face.pk, face.email, face.get_full_name()) == (
        FIRST + 0x7F3A,
        "annotator-00007f3a@anonymous.invalid",
        "Annotator 00007F3A",
    )
