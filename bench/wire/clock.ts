/** CLOCK_MONOTONIC: the same in every process of this machine, so that stamps of one can be taken from another's. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6
