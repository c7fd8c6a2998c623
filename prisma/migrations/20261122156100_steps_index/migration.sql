-- Apart from those of the generations: nobody who writes both tables can wait for it while it waits for him.
-- What retention deletes of events, from the oldest; the others stay with their generations.
CREATE INDEX generation_event_steps ON generation_event (created_at) WHERE type = 'generation.progressed';
