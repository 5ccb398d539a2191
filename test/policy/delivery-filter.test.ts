import { expect, test } from 'vitest'
import { deliveryFilterOf } from '../../src/policy/delivery-filter.ts'

test.each([
  '2.12.14',
  '2.12.15',
  '2.12.15-RC.1',
  '2.14.4',
  '2.14.5-RC.2',
  '2.14.9',
  '2.15.0',
  '2.15.1',
  '2.15.1-RC.1',
  '2.16.0',
  '2.16.0-dev',
  '2.100.0',
  '3.0.0',
  'v2.15.1',
  '2.15.1+build.7',
  '2.14.10',
])('%s filters deliveries', (version) => {
  expect(deliveryFilterOf(version)).toBe('filtering')
})

test.each([
  '2.10.27',
  '2.11.17',
  '2.12.2',
  '2.12.13',
  '2.12.14-RC.1',
  '2.13.9',
  '2.14.0',
  '2.14.3',
  '2.14.4-RC.1',
  '2.15.0-RC.1',
  '2.15.0-dev',
  '1.4.1',
  '2.9.0',
  '0.0.0',
])('%s does not, or cannot be told', (version) => {
  expect(deliveryFilterOf(version)).toBe('legacy')
})

test.each([
  '',
  'latest',
  '2.15',
  '2.15.1.4',
  '2.15.x',
  ' 2.15.1',
  '2.15.1 ',
  '2.15.1\n',
  '-2.15.1',
  '2.15.1-',
  '٢.١٥.١',
  '2.1e9.0',
])('what is no version (%j) is given less', (version) => {
  expect(deliveryFilterOf(version)).toBe('legacy')
})
