/**
 * What a job waited for, or what befell it, again and again: its turn; while nothing of it moved, a limit, another try, a person or a
 * worker; tries that failed; tasks that came back from workers that were lost, and from those that stopped.
 */
export const SPAN_KINDS = ['turn', 'gate', 'retry', 'hold', 'worker', 'tries', 'lost', 'stopped'] as const
export type SpanKind = (typeof SPAN_KINDS)[number]
