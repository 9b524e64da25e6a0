"""``tieout holds``: the records that wait for a person, and what a person does about them."""
