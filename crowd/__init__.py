"""Public review campaigns: people without an account score items behind a link, N different people each.

The life of one review: `identities` says who it is (a signed cookie), `claims` reserves a slot of an item,
`submitting` stores what was sent. What is asked is data (`rubric`); what is shown comes from the line an item
was imported from (`importing`). Nothing here touches the review state of annotations but `applying`, through
AnnotationReviewService.
"""
