"""Messaging Interactions: conversations with their messages, participants, transfers, surveys and the rest.

LivePerson pages: `messaging-interactions-api-methods-conversations.html` and
`messaging-interactions-api-methods-get-conversation-by-conversation-id.html`. What shapes this module:

* Every search needs a range of start times, of at most three months, whatever it searches by. Conversations
  live for up to 13 months, so a window by another cursor is asked for in several ranges of start times.
  Those ranges, and what they are split into, are disjoint by fields that never change: no conversation can be
  in two of them.
* Ranges are rounded outward to ten minutes; records are trimmed to the exact window by their ``…L`` fields.
* ``endTime`` is rewritten when a survey is submitted or times out. The window by ``end`` is therefore that of
  ``conversationEndTimeL``, which is not, and conversations whose ``endTime`` may have moved out of the window
  are asked for as well.
* No field tells when a conversation was updated, and ``latestUpdateTime`` has no upper bound.
"""

from airflow_provider_liveperson.datasets.messaging_interactions.dataset import MESSAGING_INTERACTIONS

DATASETS = (MESSAGING_INTERACTIONS,)
