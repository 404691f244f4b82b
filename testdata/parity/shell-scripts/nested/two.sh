#!/bin/sh -e
echo "two $GREETING" >> /log
false || true
