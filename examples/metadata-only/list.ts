import { listRecords } from '@bot-bottle/metadata';

for (const { identity, record, error } of listRecords()) {
  if (record) console.log(identity, record.agentName, record.startedAt);
  else console.error(identity, error?.message ?? 'has no record yet');
}
