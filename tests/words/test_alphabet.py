"""Names stand where people look for them, whatever marks their letters bear."""

from reseller_reporting.words.alphabet import by_name, plain


def test_marks_and_capitals_do_not_move_a_name() -> None:
    names = ["Zulu", "Łódź", "østfold", "Ångström", "alpha", "Oslo", "Straße", "Strasse 2", "Đakovo", "Delta", "Éclair"]
    assert sorted(names, key=by_name) == [
        *("alpha", "Ångström", "Đakovo", "Delta", "Éclair", "Łódź", "Oslo", "østfold", "Straße", "Strasse 2", "Zulu"),
    ]


def test_namesakes_have_one_order() -> None:
    assert sorted([("Twin", "b"), ("twin", "a"), ("Twin", "a")], key=lambda each: by_name(*each)) == [
        ("Twin", "a"),
        ("Twin", "b"),
        ("twin", "a"),
    ]


def test_what_is_sought_is_plain() -> None:
    assert plain("ŒUVRE Æther Þór İstanbul ﬁne") == "oeuvre aether thor istanbul fine"
