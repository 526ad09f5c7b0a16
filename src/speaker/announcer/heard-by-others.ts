import type { NodeId } from "../../ownership/beat.ts"
import type { SegmentPicture } from "../../ownership/picture.ts"

/** A beat or two may be lost; twenty in a row are not by chance. */
const unheardMs = 2000

/** Peers that live by others' reports alone. One that answers questions is told of as filtered beats. */
export const heardByOthers = ({ peers, state }: SegmentPicture): readonly NodeId[] =>
  state !== "active"
    ? []
    : peers
        .filter(
          ({ is, detector, heardMsAgo = Infinity, witnessedMsAgo = Infinity }) =>
            is === "alive" && detector === "beats" && heardMsAgo > unheardMs && witnessedMsAgo < unheardMs,
        )
        .map(({ node }) => node)
