import { countRows, type Exported } from '../../backend/export'
import type { Query } from '../../backend/export/relation'
import type { Context } from './context'

export interface ExportBar {
  report?: (soFar: Exported) => void
  end(): void
}

const FORMAT = '{bar} {percentage} %  {value} of {total} rows · {rate}/s · {eta_formatted} left'

/** A bar on stderr where that is a terminal; elsewhere nothing. */
export async function exportBar({ db, terminal }: Context, query: Query): Promise<ExportBar> {
  if (!terminal.isErrTty) return { end: () => undefined }
  const total = await countRows(db, query)
  const { Presets, SingleBar } = require('cli-progress') as typeof import('cli-progress')
  const numbers = (value: number, _: unknown, type: string) =>
    type === 'value' || type === 'total' ? value.toLocaleString('en-US') : String(value)
  const bar = new SingleBar(
    // Ctrl-C is the command's: it removes what was written.
    { format: FORMAT, formatValue: numbers, stream: process.stderr, hideCursor: true, clearOnComplete: true, gracefulExit: false },
    Presets.shades_classic,
  )
  const began = Date.now()
  bar.start(total, 0, { rate: '0' })
  return {
    report({ rows }) {
      // Rows may have come since they were counted.
      if (rows > bar.getTotal()) bar.setTotal(rows)
      const seconds = Math.max(0.001, (Date.now() - began) / 1000)
      bar.update(rows, { rate: Math.round(rows / seconds).toLocaleString('en-US') })
    },
    end: () => bar.stop(),
  }
}
