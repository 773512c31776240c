"""What there is: projects, members, tasks, annotations and their history, drafts, and the services that
write them.
"""
