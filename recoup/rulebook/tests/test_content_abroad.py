"""What texts in English, Spanish and Indonesian give away, may not say, and must."""

from __future__ import annotations

import pytest

from recoup.rulebook import content

MIRANDA = (
    "This is an attempt to collect a debt by a debt collector; any information obtained will be "
    "used for that purpose."
)
ENGLISH = {
    "threat_violence": ["We will hurt you.", "We know where you live.", "Pay up or else!"],
    "threat_illegal_action": ["You will be arrested.", "We will take your car.", "You go to jail"],
    "impersonate_state": ["This is the county sheriff.", "A court summons is on its way."],
    "impersonate_lawyer": ["I am an attorney.", "Our legal team will act.",
                           "calling from the law firm of Smith"],
    "impersonate_lender": ["This is your bank.", "We are your card issuer."],
    "insult": ["You are a deadbeat.", "stop being a thief"],
    "shame_public": ["We will tell your boss.", "We post your photo on Facebook.",
                     "Next we call all your neighbours"],
    "press_third": ["You must pay for him.", "The family must pay."],
    "false_amount": ["It will double tomorrow."],
    "false_legal_state": ["A lawsuit has been filed.", "A warrant has been issued"],
    "false_urgency": ["Pay within 24 hours.", "This is your final warning", "URGENT"],
    "false_bureau": ["You will be blacklisted.", "We can clear your credit for a fee.",
                     "your credit is ruined for life"],
    "induce_borrow": ["Borrow the money from a friend.", "Sell your house."],
    "other_payee": ["Pay it to me directly.", "Send gift cards", "transfer it to my account"],
    "extra_fee": ["A collection fee is added.", "our doorstep charge"],
    "time_barred_suit": ["We will sue.", "legal action follows", "see you in court"],
    "hide_identity": ["A parcel is waiting for you.", "You have won!", "urgent personal business"],
    "minor": ["Think of your children."],
    "vulnerable_press": ["Being ill is no excuse.", "depression? You still have to pay"],
    "overshadow": ["Please pay today.", "Disputing will not help", "pay within 5 days"],
    "disproportionate": ["We will make you bankrupt.", "a statutory demand follows"],
}  # fmt: skip
SPANISH = {
    "threat_violence": ["Sabemos dónde vive."],
    "threat_illegal_action": ["Lo vamos a embargar.", "irá a la cárcel"],
    "impersonate_state": ["Somos de la fiscalía.", "Hay una orden de aprehensión"],
    "impersonate_lawyer": ["Soy el abogado.", "Habla del despacho jurídico"],
    "impersonate_lender": ["Somos su banco."],
    "insult": ["Es usted un estafador."],
    "shame_public": ["Vamos a informar a su jefe.", "Publicaremos su nombre"],
    "press_third": ["Pague usted por él.", "Su familia tendrá que pagar"],
    "false_amount": ["La cifra se duplicará."],
    "false_legal_state": ["Usted ya fue demandado."],
    "false_urgency": ["Pague en 24 horas.", "Último aviso", "hoy mismo o mañana iremos"],
    "false_bureau": ["Quedará en la lista negra.", "podemos borrar su buró"],
    "other_payee": ["Deposite a mi cuenta."],
    "hide_identity": ["Tiene un paquete por recoger."],
    "minor": ["Piense en sus hijos."],
}
INDONESIAN = {
    "threat_violence": ["Kami tahu rumahmu.", "akan kami hajar"],
    "threat_illegal_action": ["Anda akan dipenjara.", "rumah disita"],
    "impersonate_state": ["Kami dari kepolisian."],
    "impersonate_lawyer": ["Kami dari kantor hukum.", "pengacara kami akan datang"],
    "impersonate_lender": ["Kami dari kantor pusat bank anda."],
    "insult": ["Dasar penipu!"],
    "shame_public": ["Foto akan kami sebarkan.", "kami hubungi semua keluarga"],
    "press_third": ["Keluarga harus ikut membayar utang dia."],
    "false_amount": ["Jumlahnya dua kali lipat."],
    "false_legal_state": ["Anda sudah digugat."],
    "false_urgency": ["Bayar dalam 2 jam.", "peringatan terakhir"],
    "other_payee": ["Kirim ke rekening pribadi saya."],
    "hide_identity": ["Ada paket untuk Anda."],
    "minor": ["Ingat anakmu."],
}


def cases(jurisdiction: str, examples: dict[str, list[str]]) -> list[object]:
    return [
        pytest.param(jurisdiction, name, text, id=f"{jurisdiction}: {text}")
        for name, texts in examples.items()
        for text in texts
    ]


@pytest.mark.parametrize(
    ("jurisdiction", "name", "text"),
    [*cases("US", ENGLISH), *cases("GB", ENGLISH), *cases("MX", SPANISH), *cases("ID", INDONESIAN)],
)
def test_a_forbidden_class_is_found(jurisdiction: str, name: str, text: str) -> None:
    assert name in content.read(text, jurisdiction=jurisdiction).found


@pytest.mark.parametrize(
    ("jurisdiction", "text"),
    [
        ("US", "You can pay, or ask us for time. You may dispute the amount until the date above."),
        ("US", "Please tell us if you are ill. We can wait."),
        ("US", "Call us between 9 and 5. You can complain at the same number."),
        ("GB", "Please take your time. Tell us about your health if we should know."),
        ("GB", "We note your complaint and will answer it."),
        ("IN", "This is Asha of Kaveri Services, for Kaveri Bank. Please ring us."),
        ("MX", "Hablamos en nombre de Banco Uno. Pague únicamente a la entidad."),
        ("MX", "Responda BAJA para no recibir mensajes. Quejas en el mismo teléfono."),
        ("ID", "Kami dari Jasa Satu, untuk Dana Satu. Silakan hubungi kami."),
        ("ID", "Pengaduan dapat disampaikan di nomor ini. Balas BERHENTI untuk berhenti."),
    ],
)  # fmt: skip
def test_a_fair_text_holds_no_forbidden_class(jurisdiction: str, text: str) -> None:
    assert content.read(text, jurisdiction=jurisdiction).found == frozenset()


@pytest.mark.parametrize(
    ("jurisdiction", "text"),
    [
        ("US", "Your debt is past due"), ("US", "you owe $50"), ("US", "this is in collections"),
        ("GB", "you owe £50"), ("GB", "about your debt"), ("GB", "from a debt collector"),
        ("IN", "Rs. 500 of EMI"), ("IN", "your dues"), ("PH", "your loan"), ("PH", "₱500"),
        ("SG", "S$500"), ("SG", "a debt"), ("MX", "su adeudo"), ("MX", "préstamo vencido"),
        ("MX", "su saldo"), ("ID", "utang Anda"), ("ID", "tagihan jatuh tempo"),
        ("ID", "Rp 500"),
    ],
)  # fmt: skip
def test_a_text_that_tells_of_a_debt_is_found_out(jurisdiction: str, text: str) -> None:
    assert content.debt_facts(text, jurisdiction=jurisdiction)


def test_the_sentences_that_american_law_asks_for_are_no_debt_facts() -> None:
    assert content.debt_facts(MIRANDA, jurisdiction="US") == []
    assert content.debt_facts(f"{MIRANDA} You owe us.", jurisdiction="US") == ["owe"]
    # Elsewhere nobody asks for them, and they tell of a debt as any words do.
    assert content.debt_facts(MIRANDA, jurisdiction="GB")


def test_both_sentences_of_the_first_text_are_told_from_the_one_of_later_ones() -> None:
    first = content.read(MIRANDA, jurisdiction="US").says
    later = content.read("This message is from a debt collector.", jurisdiction="US").says
    half = content.read("We are trying to collect a debt.", jurisdiction="US").says

    assert {"mini_miranda", "collector"} <= first
    assert "collector" in later and "mini_miranda" not in later
    assert "mini_miranda" not in half and "purpose" in half


@pytest.mark.parametrize(
    "text",
    [
        "Hello, this is Ann Lee calling from Oak Services. Please call me back at 555-0100.",
        "This is Ann from Oak Services. Please call me or any representative at 555-0100.",
        "Good morning. This is Ann with Oak Services. It is Monday, 10:00 AM. "
        "Please call us back on +1 555 0100 between 9 and 17. Thank you.",
    ],
)
def test_a_limited_content_message_is_known(text: str) -> None:
    assert "limited_content" in content.read(text, jurisdiction="US").says


@pytest.mark.parametrize(
    "text",
    [
        "Hello, this is Ann from Oak Services about your account. Please call me at 555-0100.",
        "This is Ann from Oak Debt Recovery. Please call me at 555-0100.",
        "This is Ann from Oak Services. Please call me at 555-0100. It is important.",
        "This is Ann from Oak Services.",
        "Please call me at 555-0100.",
        "This is Ann from Oak Services. Please call me at",
    ],
)
def test_a_message_with_more_or_less_is_no_limited_content_message(text: str) -> None:
    assert "limited_content" not in content.read(text, jurisdiction="US").says


def test_a_validation_notice_is_known_by_all_of_its_parts() -> None:
    text = (
        "Oak Services is a debt collector. You had an account with Bank One, account number "
        "ending 1234. As of 2026-01-05 you owed $100. Between that day and today: interest $5. "
        "Total amount now: $105. How can you dispute the debt? Call or write to us by 2026-03-01 "
        "to dispute all or part of it. You may write to us electronically. "
        "How do you want to respond? Check all boxes that apply. The creditor is Bank One."
    )

    assert content.missing_parts("validation", text, jurisdiction="US") == []
    assert "validation" in content.read(text, jurisdiction="US").says
    lacking = text.replace("How do you want to respond? Check all boxes that apply.", "")
    assert content.missing_parts("validation", lacking, jurisdiction="US") == ["reply"]


def test_what_british_letters_must_say_is_known() -> None:
    letter = (
        "As at 2026-11-23 your arrears are £40 and your balance is £100. Free and independent "
        "debt advice is available. You can complain to us."
    )
    offer = "We would accept £50 in full and final settlement."

    assert {"dated_amount", "debt_help", "complaint"} <= content.read(
        letter, jurisdiction="GB"
    ).says
    assert "settlement" in content.read(offer, jurisdiction="GB").says
    assert "residual" not in content.read(offer, jurisdiction="GB").says
    clear = f"{offer} The rest is written off and will not be sold."
    assert "residual" in content.read(clear, jurisdiction="GB").says


def test_how_to_stop_messages_is_said_in_each_language() -> None:
    assert "opt_out" in content.read("Reply STOP to opt out", jurisdiction="US").says
    assert "opt_out" in content.read("Responda BAJA", jurisdiction="MX").says
    assert "opt_out" in content.read("Balas BERHENTI", jurisdiction="ID").says
    assert "payee_only" in content.read("Pague solo a la entidad", jurisdiction="MX").says


def test_what_hides_a_word_does_not_hide_it() -> None:
    assert "threat_illegal_action" in content.read(
        "you will be arr\u200bested", jurisdiction="US"
    ).found  # fmt: skip
    assert "insult" in content.read("ＤＥＡＤＢＥＡＴ", jurisdiction="US").found
    for text in ("you will be a r r e s t e d", "you go to j.a.i.l", "P-R-I-S-O-N for you"):
        assert "threat_illegal_action" in content.read(text, jurisdiction="US").found
    assert content.debt_facts("your d e b t", jurisdiction="GB")
    assert content.debt_facts("J. P. Oak and A. B. Elm", jurisdiction="GB") == []
