"""
The ways out of the house, a folder for each: text messages, e-mail, letters.

A channel takes a `Parcel` and hands it to a carrier. Here alone the vault is opened: a number or
an address exists in memory only inside a channel. Adding a channel is copying a folder and naming
it in `recoup.contact.carriers`.
"""
