"""What people take away, as files: zips whose bytes follow from what is in them, and EPUBs.

Pure: values and open files in, bytes out. Nothing here knows the database.
"""
