/** Whether tests run at the size of what they are about, with `FULL_SIZE=1`; otherwise small. */
export const isFull = Boolean(process.env.FULL_SIZE)

/** The size of something large in a test. @param full with `FULL_SIZE=1` */
export const size = <Size>(small: Size, full: Size): Size => (isFull ? full : small)
