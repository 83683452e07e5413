/** Everything that can go wrong in the server, by its stable code. `docs/errors.md` tells of each what lies behind it. */

/** The codes. */
export type ServerErrorCode =
  | 'EBB_SERVER_NODE_VERSION'
  | 'EBB_SERVER_DATA_DIRECTORY'
  | 'EBB_SERVER_DATABASE'
  | 'EBB_SERVER_NEWER_DATABASE'
  | 'EBB_SERVER_LISTEN'
  | 'EBB_SERVER_RULES'
  | 'EBB_SERVER_ONCALL'
  | 'EBB_SERVER_RESPONSE_POLICY'
  | 'EBB_SERVER_NOT_ALLOWED'
  | 'EBB_SERVER_BAD_REQUEST'
  | 'EBB_SERVER_UNAUTHORIZED'
  | 'EBB_SERVER_SIGNATURE'
  | 'EBB_SERVER_LOG_IN'
  | 'EBB_SERVER_FORBIDDEN'
  | 'EBB_SERVER_CROSS_ORIGIN'
  | 'EBB_SERVER_NOT_FOUND'
  | 'EBB_SERVER_EXISTS'
  | 'EBB_SERVER_CONFLICT'
  | 'EBB_SERVER_NOT_RECOVERED'
  | 'EBB_SERVER_NO_PROOF'
  | 'EBB_SERVER_TOO_LARGE'
  | 'EBB_SERVER_MEDIA_TYPE'
  | 'EBB_SERVER_TOO_MANY_REQUESTS'
  | 'EBB_SERVER_BUSY'
  | 'EBB_SERVER_BACKUP_FILE'
  | 'EBB_SERVER_BACKUP_DAMAGED'
  | 'EBB_SERVER_NOT_EMPTY'
  | 'EBB_SERVER_INTERNAL';

interface ErrorEntry {
  /** What the reader can do about it. */
  next: string;
  /** The answer's status, where it is an answer. */
  status: number;
  /** What `ebb up` ends with, where it ends by it. */
  exitCode: 2 | 3;
}

const entry = (status: number, exitCode: 2 | 3, next: string): ErrorEntry => ({ next, status, exitCode });

/** What to do next, and the status of the answer, for each code. */
export const SERVER_ERRORS: Readonly<Record<ServerErrorCode, ErrorEntry>> = {
  EBB_SERVER_NODE_VERSION: entry(500, 2, 'start it with Node.js 22.13 or later'),
  EBB_SERVER_DATA_DIRECTORY: entry(500, 2, 'give a folder that you may write to, with --data'),
  EBB_SERVER_DATABASE: entry(503, 3, 'check that the database runs, and the URL given with --database'),
  EBB_SERVER_NEWER_DATABASE: entry(500, 2, 'start the Ebb that wrote it, or a newer one'),
  EBB_SERVER_LISTEN: entry(500, 2, 'give another --port or --host, or end what listens there'),
  EBB_SERVER_RULES: entry(500, 2, 'mend what the message names; ebb up --check-rules looks again'),
  EBB_SERVER_ONCALL: entry(500, 2, 'mend what the message names; ebb oncall check FILE looks again'),
  EBB_SERVER_RESPONSE_POLICY: entry(500, 2, 'mend what the message names, in the file given with --response'),
  EBB_SERVER_NOT_ALLOWED: entry(409, 2, 'look at the plan: POST /api/v1/actions/plan, or ebb rollback without --yes'),
  EBB_SERVER_BAD_REQUEST: entry(400, 2, 'mend what the message names'),
  EBB_SERVER_UNAUTHORIZED: entry(401, 2, 'send a token that is valid: authorization: Bearer TOKEN'),
  EBB_SERVER_SIGNATURE: entry(
    401,
    2,
    'give server and webhook the same secret: EBB_GITHUB_WEBHOOK_SECRET, EBB_PAGERDUTY_WEBHOOK_SECRET',
  ),
  EBB_SERVER_LOG_IN: entry(401, 2, 'look whether capitals are locked, or ask an admin for another password'),
  EBB_SERVER_FORBIDDEN: entry(403, 2, 'use a token or a user of a role that may do this'),
  EBB_SERVER_CROSS_ORIGIN: entry(
    403,
    2,
    "use the server's own page; behind a proxy, give its address with --public-url",
  ),
  EBB_SERVER_NOT_FOUND: entry(404, 2, 'look at /api/v1/docs for what there is'),
  EBB_SERVER_EXISTS: entry(409, 2, 'choose another name, or use what is there'),
  EBB_SERVER_CONFLICT: entry(409, 2, 'look at how it stands now: somebody was faster, or it is over'),
  EBB_SERVER_NOT_RECOVERED: entry(409, 2, 'wait until it has recovered, or give a reason to resolve it all the same'),
  EBB_SERVER_NO_PROOF: entry(409, 2, 'replay the leak, and send what the rule, the test or the alert tells of it'),
  EBB_SERVER_TOO_LARGE: entry(413, 2, 'send less at once'),
  EBB_SERVER_MEDIA_TYPE: entry(415, 2, 'send what /api/v1/docs says'),
  EBB_SERVER_TOO_MANY_REQUESTS: entry(429, 2, 'wait for as long as the header retry-after says'),
  EBB_SERVER_BUSY: entry(503, 3, 'send it again later'),
  EBB_SERVER_BACKUP_FILE: entry(500, 2, 'give another file, or mend what the message names'),
  EBB_SERVER_BACKUP_DAMAGED: entry(500, 2, 'use another backup; this one is not whole, or is none'),
  EBB_SERVER_NOT_EMPTY: entry(500, 2, 'restore into an empty folder with --data, or an empty database with --database'),
  EBB_SERVER_INTERNAL: entry(500, 3, 'this is a bug in Ebb; please report it with the lines on standard error'),
};
