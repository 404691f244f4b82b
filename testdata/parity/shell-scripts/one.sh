#!/bin/sh
echo "one $GREETING $#" >> /log
ls -l "$0" | cut -c1-10 >> /log
