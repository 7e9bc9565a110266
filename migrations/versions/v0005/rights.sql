-- Postgres lets everybody call a function that is new.
revoke execute on function semmem.begin_workspace, semmem.end_workspace, semmem.take_seat, semmem.tell_status,
    semmem.ask_question, semmem.answer_question, semmem.receive_answer from public;
grant execute on function semmem.begin_workspace, semmem.end_workspace, semmem.take_seat, semmem.tell_status,
    semmem.ask_question, semmem.answer_question, semmem.receive_answer to semmem_app;
