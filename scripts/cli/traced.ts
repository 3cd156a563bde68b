import { span, startTracing } from '../../backend/tracing'
import { version } from '../../package.json'
import type { Context } from './context'

/** Runs a command as the start of a trace when a collector is set; the jobs it starts continue the same trace. */
export async function traced(context: Context, name: string, work: () => Promise<void>): Promise<void> {
  const stop = startTracing({ endpoint: context.config.otlpEndpoint, service: 'command', version, log: context.log })
  try {
    await span(name, {}, work, { parent: null })
  } finally {
    await stop()
  }
}
