/** Text beyond this is no misspelt name; it also bounds the work, which is the product of two lengths. */
const nameLengthMax = 64
/** More edits than this, or than a third of the name, and it is another word. */
const editsMax = 4

/** The known name that differs least from `text`, or undefined where none is near: for "did you mean". */
export const nearestName = <Name extends string>(text: string, known: Iterable<Name>): Name | undefined => {
  let best: Name | undefined
  let bestEdits = Math.min(editsMax, Math.max(1, Math.ceil(text.length / 3))) + 1
  for (const name of known) {
    if (name === text || Math.abs(name.length - text.length) >= bestEdits) continue
    const edits = editDistance(text.slice(0, nameLengthMax).toLowerCase(), name.slice(0, nameLengthMax).toLowerCase())
    if (edits >= bestEdits) continue
    best = name
    bestEdits = edits
  }
  return best
}

/** Levenshtein's distance, one row at a time. */
export const editDistance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j++)
      next.push(Math.min(row[j + 1]! + 1, next[j]! + 1, row[j]! + (a[i] === b[j] ? 0 : 1)))
    row = next
  }
  return row[b.length]!
}
