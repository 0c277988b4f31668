DROP TABLE plan_task_notes;
DROP TABLE plan_tasks;
DROP TABLE plans;
DROP TABLE reception_subjects;
DROP TABLE reception_visits;
DROP TABLE ratings;
DROP TABLE feedback;
