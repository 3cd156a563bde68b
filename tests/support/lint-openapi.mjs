// Reads an OpenAPI document from standard input and prints what the linter has to say as JSON; it comes as an ES module only.
import { createConfig, lintFromString } from '@redocly/openapi-core'

let source = ''
for await (const chunk of process.stdin) source += chunk
const problems = await lintFromString({ source, config: await createConfig({ extends: ['recommended'] }) })
process.stdout.write(
  JSON.stringify(problems.map(({ severity, ruleId, message, location }) => `${severity} ${ruleId}: ${message} (${location[0]?.pointer})`)),
)
