"""What opens in a genome browser: a web page of its own, and files for IGV, UCSC and JBrowse."""
