"""
Collectbench: who decides best whom to contact, how, when, and when not.

Takes policies; gives a table of what each recovered, net, from the same simulated books under the
same budgets. Promises that every policy sees only what a lender's log holds, that every cap is
asserted every day by a referee of its own, and that differences come from paired seeds with
intervals. Everything it reports is simulated. How to enter a policy: README.md beside this file.
"""
