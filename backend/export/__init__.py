"""Export: a run as files that leave this machine, and one of them back as a run. No torch, no screen, no study.

travel.py      which files of a run folder travel: those that its study lists
places.py      settings that are a path of this machine, and what is left of them
copy.py        a run as it may leave: whole lines, no process, no path of this machine
shapes.py      what the files of every run look like; a study's own shapes are made of these types
contract.py    every file against its shape, as strict as the page needs
archive.py     a zip with the same bytes for the same content, and the reading of a hostile one
run_file.py    the whole run as one file, and back
tables.py      every table as CSV
samples.py     the examples of a run's data sets, as its study finds them
layouts.py     alpaca, sharegpt and so on: a table of small functions from examples to rows
formats.py     rows as json, jsonl, csv or parquet
kinds.py       what a run can be taken along as: for every study, and what its own adds
hub.py         a data set on the hub, with the visitor's own token
"""
