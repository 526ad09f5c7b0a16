import assert from "node:assert/strict"
import { test } from "node:test"
import { strangerClause, strangerRemedy, strangerWords } from "./stranger.ts"

const mac = "52:54:00:28:00:77"

test("who else answers is said by MAC, class, and what that means", () => {
  const said = strangerClause(mac, "member", "w2")
  assert.equal(said, `is answered for by ${mac} (member: the node w2, whose kernel answers by itself)`)
})

test("another cluster's speaker may only want the address", () => {
  assert.match(strangerClause(mac, "other-cluster", undefined), /^is wanted by 52:54:00:28:00:77 \(other-cluster: /)
})

test("each class has a remedy of its own, and a class of a newer speaker is said as it stands", () => {
  const classes = ["member", "silent-member", "gateway", "other-cluster", "dhcp-client", "answers-for-everything"]
  assert.equal(new Set([...classes, "unknown"].map(strangerRemedy)).size, 7)
  assert.equal(strangerWords("alien", undefined), "alien")
  assert.equal(strangerRemedy("alien"), strangerRemedy("unknown"))
})
