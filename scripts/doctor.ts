import type { Command } from 'commander'
import { ACCOUNTS } from './cli/check-accounts'
import { CHECKS, type Finding, runCheck } from './cli/checks'
import type { Context } from './cli/context'
import { LIVE } from './cli/live'
import { createProgram, main } from './cli/main'
import { counted, toJson } from './cli/text'

interface Options {
  live?: boolean
  json?: boolean
}

/** `yarn doctor`: checks everything the suite needs. */
export function build(context: Context): Command {
  return createProgram('yarn doctor', 'Checks everything the suite needs, and says how to fix what is wrong.', context)
    .option('--live', 'also send one cheap request to each API')
    .option('--json', 'print JSON only')
    .action((options: Options) => examine(context, options))
}

const MARKS: Record<Finding['state'], string> = { ok: 'ok     ', warning: 'warning', fault: 'FAULT  ', skipped: 'skipped' }

async function examine(context: Context, options: Options): Promise<void> {
  const { terminal } = context
  const findings: Finding[] = []
  const isBad = (name: string) => findings.some((found) => found.check === name && (found.state === 'fault' || found.state === 'skipped'))
  for (const check of [...CHECKS, ACCOUNTS, ...(options.live ? [LIVE] : [])]) {
    const missing = check.needs?.find(isBad)
    const found: Finding[] = missing ? [{ check: check.name, state: 'skipped', text: `needs ${missing}` }] : await runCheck(check, context)
    findings.push(...found)
    if (!options.json) for (const one of found) terminal.out(`${MARKS[one.state]}  ${one.check.padEnd(11)}  ${one.text}`)
  }
  const faults = findings.filter((found) => found.state === 'fault')
  const warnings = findings.filter((found) => found.state === 'warning').length
  if (options.json) terminal.out(toJson({ ok: faults.length === 0, findings }))
  else
    terminal.out(
      faults.length === 0
        ? `All checks passed${warnings > 0 ? `, ${counted(warnings, 'warning')}` : ''}.`
        : `${counted(faults.length, 'fault')}.`,
    )
  if (faults.length > 0) context.exitCode = 1
}

if (require.main === module) void main(build)
