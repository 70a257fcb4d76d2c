"""
Talks with a borrower, inside what the decision allowed and the law permits.

Takes an `Attempt`; gives a `Conversation`. What is built so far is the understanding of one turn
(`recoup.dialogue.understanding`): what the person wants, what to answer first, the days and sums named.
Beside it stands the numeric core of offers (`recoup.dialogue.offers`). It promises to say `unclear` rather than to guess, and needs neither a database nor a network.
"""
