
${nme}