"""The policies that come with the contest, by name, in the order of the table."""

from __future__ import annotations

HOME = "bench.collectbench.policies"
ENTRIES = {
    "none": f"{HOME}.nothing:Nothing",
    "random": f"{HOME}.chance:Random",
    "bucket rules": f"{HOME}.buckets:Buckets",
    "score-sort": f"{HOME}.score_sort:ScoreSort",
    "uplift greedy": f"{HOME}.uplift_greedy:UpliftGreedy",
    "constrained RL": f"{HOME}.constrained_rl:ConstrainedRL",
    "uplift + LP": f"{HOME}.uplift_lp:UpliftLP",
    "index": f"{HOME}.index:Index",
    "bandit, knapsacks": f"{HOME}.knapsacks:Knapsacks",
    "recoup": f"{HOME}.recoup.policy:Recoup",
}
PRODUCT = "recoup"
