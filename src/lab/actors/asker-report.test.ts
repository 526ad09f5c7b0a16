import assert from "node:assert/strict"
import { test } from "node:test"
import { type Attempt, reportOf } from "./asker-report.ts"

test("an address that always answers has no gap", () => {
  const report = reportOf([answered(0), answered(2), answered(4)], 6)
  assert.deepEqual([report.asked, report.answered, report.lost, report.longestGapMs], [3, 3, 0, 0])
})

test("a gap lasts from the first lost question to the next answered one", () => {
  const report = reportOf([answered(0), lost(2), lost(4), lost(6), answered(8)], 10)
  assert.deepEqual(report.gaps, [{ fromMs: 2, lengthMs: 6, lost: 3 }])
})

test("an address that never comes back is away until the asking ends", () => {
  const report = reportOf([answered(0), lost(2)], 500)
  assert.equal(report.longestGapMs, 498)
})

test("questions count in the order they were sent, not in which they ended", () => {
  const report = reportOf([answered(8), answered(0), lost(2), lost(4)], 10)
  assert.deepEqual(report.gaps, [{ fromMs: 2, lengthMs: 6, lost: 2 }])
})

test("one answer between two losses makes two gaps", () => {
  const report = reportOf([lost(0), answered(2), lost(4), answered(6)], 8)
  assert.deepEqual(
    report.gaps.map(({ lengthMs }) => lengthMs),
    [2, 2],
  )
})

const answered = (sentMs: number): Attempt => ({ sentMs, answered: true, tookMs: 0.2 })
const lost = (sentMs: number): Attempt => ({ sentMs, answered: false, tookMs: 300 })
