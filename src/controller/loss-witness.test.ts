import assert from "node:assert/strict"
import { test } from "node:test"
import type { ServiceName } from "../cluster/name.ts"
import type { LedgerChange } from "../decision/allocate/ledger-change.ts"
import { type Address, parseAddress } from "../net/address.ts"
import { createLossWitness } from "./loss-witness.ts"

test("what we saw a Service have may be taken from it at once", () => {
  const witness = createLossWitness()
  witness.saw("1", address("10.69.1.150"))
  assert.equal(witness.sift([loss("10.69.1.150", "1")]).changes.length, 1)
  assert.equal(witness.toList().size, 0)
})

test("what only the ledger tells of waits until Services, pools and namespaces were listed again", () => {
  const witness = createLossWitness()
  const changes = [loss("10.69.1.150", "1")]
  assert.deepEqual([...witness.sift(changes).waiting], ["media/plex"])
  assert.deepEqual([...witness.toList()], ["Service", "IPAddressPool", "Namespace"])
  assert.equal(witness.toList().size, 0, "they are asked for once")
  assert.deepEqual(
    (["Service", "Node", "IPAddressPool", "Namespace"] as const).map((kind) => witness.listed(kind)),
    [false, false, false, true],
  )
  assert.deepEqual(witness.sift(changes), { changes, waiting: new Set() })
})

test("what is heard of while lists are under way asks for lists of its own", () => {
  const witness = createLossWitness()
  witness.sift([loss("10.69.1.150", "1")])
  witness.toList()
  witness.sift([loss("10.69.1.151", "2")])
  assert.equal(witness.toList().size, 0)
  for (const kind of ["Service", "IPAddressPool", "Namespace"] as const) witness.listed(kind)
  assert.equal(witness.sift([loss("10.69.1.151", "2")]).changes.length, 0)
  assert.equal(witness.toList().size, 3)
})

const address = (text: string): Address => parseAddress(text)!

const loss = (text: string, uid: string): LedgerChange => ({
  address: address(text),
  before: undefined,
  entry: undefined,
  loses: [{ service: "media/plex" as ServiceName, uid, terms: "" }],
})
