"""Notices by e-mail: queued with what happened, sent in the background, kept as rows.

Which function writes the letter of which kind is a table in the settings (`NOTICE_WRITERS`): the
apps above know what happened, and whether there still is something to say when the mail goes out.
"""
