import type * as Prom from 'prom-client'

/*
 * The parts of prom-client that are used. Its index also loads the metrics of a Node.js process, and with them
 * OpenTelemetry, which is loaded only where traces are wanted.
 */
export const Registry = require('prom-client/lib/registry') as typeof Prom.Registry
export const Counter = require('prom-client/lib/counter') as typeof Prom.Counter
export const Gauge = require('prom-client/lib/gauge') as typeof Prom.Gauge
