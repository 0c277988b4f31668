# Histories for `motcua import`: `rows` dossiers of 50 agencies over the three years before `today` (seconds since 1970); those
# from `open` on are of the last two weeks and received, for the transitions that are measured.
function pad(n, width) { return sprintf("%0" width "d", n) }
function instant(seconds) { return strftime("%Y-%m-%dT%H:%M:%S+07:00", seconds + 7 * 3600, 1) }
BEGIN {
    srand(7)
    split("An Bình Châu Dũng Giang Hạnh Khôi Lan Minh Ngọc Phúc Quỳnh Sơn Thảo Uyên Vinh", given, " ")
    split("Nguyễn Trần Lê Phạm Hoàng Phan Vũ Đặng Bùi Đỗ", family, " ")
    split("direct online postal", channels, " ")
    for (row = 0; row < rows; row++) {
        agency = sprintf("H90.%d", 10 + row % 50)
        is_open = row >= open
        days = is_open ? 1 + int(rand() * 5) : 40 + int(rand() * 1000)
        received = today - days * 86400 + int(rand() * 3600)
        code = agency "-" strftime("%y%m%d", received + 7 * 3600, 1) "-" pad(10000 + int(row / 50), 5)
        if (is_open) print code > codes
        events = ""
        if (!is_open) {
            late = rand() < 0.05
            finished = received + (late ? 30 : 4) * 86400
            events = sprintf(",\"events\":[{\"to\":\"processing\",\"at\":\"%s\"},{\"to\":\"finished\",\"outcome\":\"granted\",\"at\":\"%s\"}]",
                instant(received + 3600), instant(finished))
        }
        printf "{\"code\":\"%s\",\"procedure\":\"9.%06d\",\"agency\":\"%s\",\"channel\":\"%s\",\"accept\":true,\"received_at\":\"%s\",", \
            code, row % 40, agency, channels[1 + row % 3], instant(received)
        printf "\"applicant\":{\"kind\":\"citizen\",\"name\":\"%s Thị %s\",\"identity_no\":\"0%011d\",\"phone\":\"09%08d\"}%s}\n", \
            family[1 + row % 10], given[1 + int(rand() * 16)], row, row % 100000000, events
    }
}
