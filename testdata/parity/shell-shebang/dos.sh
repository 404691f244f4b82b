#!/bin/sh
echo dos > /dos
