"""What can happen in scoring."""

from recoup.journal.kinds import Kind

ModelTrained = Kind(
    "scoring.model_trained", "A {family} for {target} was trained on {rows} samples: {state}"
)
NotTrained = Kind("scoring.not_trained", "No model for {target} can be trained: {why_not}")
StarterAdopted = Kind("scoring.starter_adopted", "The starter score for {target} is in use")
BookScored = Kind("scoring.book_scored", "{rows} cases were scored for {on}")
