"""Addresses of the workbench."""

from django.urls import path

from recoup.desks.workbench import (
    acting,
    calling,
    cases,
    conflicts,
    filing,
    money,
    reading,
    waiting,
)

urlpatterns = [
    path("queue/", waiting.queue, name="queue"),
    path("cases/", cases.cases, name="cases"),
    path("cases/search/", cases.search, name="case_search"),
    path("cases/<int:pk>/", reading.case, name="case"),
    path("cases/<int:pk>/note/", acting.note, name="case_note"),
    path("cases/<int:pk>/promise/", acting.promise, name="case_promise"),
    path("cases/<int:pk>/plan/", acting.plan, name="case_plan"),
    path("cases/<int:pk>/move/", acting.move, name="case_move"),
    path("cases/<int:pk>/stop/", acting.stop, name="case_stop"),
    path("cases/<int:pk>/stop/<int:stop>/lift/", acting.lift, name="case_lift"),
    path("cases/<int:pk>/opt-out/", acting.opt_out, name="case_opt_out"),
    path("cases/<int:pk>/file/", filing.declare, name="case_declare"),
    path("cases/<int:pk>/file/<int:row>/off/", filing.withdraw, name="case_withdraw"),
    path("cases/<int:pk>/unmask/", acting.unmask, name="case_unmask"),
    path("cases/<int:pk>/call/", calling.begin, name="case_call"),
    path("cases/<int:pk>/call/<int:attempt>/number/", calling.number, name="case_call_number"),
    path("cases/<int:pk>/call/<int:attempt>/end/", calling.end, name="case_call_end"),
    path("cases/<int:pk>/payment/", money.payment, name="case_payment"),
    path("cases/<int:pk>/payment/<int:payment>/reverse/", money.reverse, name="case_reverse"),
    path("cases/<int:pk>/conflict/", conflicts.declare, name="case_conflict"),
    path("conflicts/", conflicts.own, name="conflicts"),
    path("conflicts/<int:pk>/lift/", conflicts.lift, name="conflict_lift"),
    path("replies/", waiting.replies, name="replies"),
    path("replies/<int:pk>/", acting.handle, name="reply_handle"),
    path("unmatched/", money.suspense, name="suspense"),
    path("unmatched/<int:pk>/", money.match, name="suspense_match"),
]
