"""End-user audits: people label some comments and see where a system's ratings differ from their own
judgement.

A person labels about twenty comments (`labelling`), `fitting` makes a version of their model of it, and
`results` compares its predictions with the system under audit, by topic and by comment. They write
`models.Report`s with evidence and send finished ones to a public register. `maths` holds the formulas, on
plain arrays; `fold_in` of it is how few labels become a prediction for every comment. The ratings that all
of it starts from are a `Dataset`: imported (`importing`) or generated (`generator`), with a base model
fitted to them by a job (`jobs`).
"""
