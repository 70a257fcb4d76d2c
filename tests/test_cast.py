def test_the_cast_stands(wang_ming):
    assert wang_ming.borrower.name_masked == "王*"
    from recoup.journal import queries

    assert queries.verify().is_whole
