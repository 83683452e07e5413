/** Every step from an empty database to this version's, in order. Forward only: a step that was released never changes. */
import type { Migration } from 'kysely';
import { processesMigration } from './0001-processes.ts';
import { incidentsMigration } from './0002-incidents.ts';
import { causesMigration } from './0003-causes.ts';
import { alertsMigration } from './0004-alerts.ts';
import { usersMigration } from './0005-users.ts';
import { fewerIndexesMigration } from './0006-fewer-indexes.ts';
import { findingsMigration } from './0007-findings.ts';
import { onCallMigration } from './0008-oncall.ts';
import { postmortemMigration } from './0009-postmortem.ts';
import { attributionMigration } from './0010-attribution.ts';
import { responseMigration } from './0011-response.ts';
import { commitsMigration } from './0012-commits.ts';
import { actionSubjectsMigration } from './0013-action-subjects.ts';
import { reviewCancellationsMigration } from './0014-review-cancellations.ts';
import { actionProofsMigration } from './0015-action-proofs.ts';
import { capturesMigration } from './0016-captures.ts';
import type { Engine } from './column-types.ts';

export type { Engine } from './column-types.ts';

/** The steps by name; the names' order is the order in which they run. */
export function migrationsFor(engine: Engine): Record<string, Migration> {
  return {
    '0001-processes': processesMigration(engine),
    '0002-incidents': incidentsMigration(engine),
    '0003-causes': causesMigration(engine),
    '0004-alerts': alertsMigration(engine),
    '0005-users': usersMigration(engine),
    '0006-fewer-indexes': fewerIndexesMigration(engine),
    '0007-findings': findingsMigration(engine),
    '0008-oncall': onCallMigration(engine),
    '0009-postmortem': postmortemMigration(engine),
    '0010-attribution': attributionMigration(engine),
    '0011-response': responseMigration(engine),
    '0012-commits': commitsMigration(engine),
    '0013-action-subjects': actionSubjectsMigration(),
    '0014-review-cancellations': reviewCancellationsMigration(),
    '0015-action-proofs': actionProofsMigration(),
    '0016-captures': capturesMigration(),
  };
}
