"""Export: a run as files that leave this machine, and one of them back as a run. No torch, no screen.

travel.py      which files of a run folder travel
copy.py        a run as it may leave: whole lines, no process, no path of this machine
contract.py    what each file of a run must look like, as strict as the page needs
tensors.py     a checkpoint's header, read without running anything
archive.py     a zip with the same bytes for the same content, and the reading of a hostile one
run_file.py    the whole run as one file, and back
dataset.py     the distilled text as a data set; card.py writes its README
tables.py      every table as CSV
hub.py         the data set on the hub, with the visitor's own token
"""
